/// Why a request wasn't answered as it should have been.
///
/// The names are those of the report.
enum RequestFailure: UInt8, CaseIterable {
  /// No connection: refused, no route, no port or descriptor left here.
  case connect
  /// The connection was lost by a RST, before the answer was complete.
  case reset
  /// The connection ended before the answer began.
  case closed
  /// The connection ended within the answer.
  case shortBody
  /// What came isn't HTTP, or more than the answer.
  case malformed
  /// A status other than 2xx.
  case status
  /// An error inside the stream.
  case streamError
  /// A stream that ended in order, but without its end marker.
  case noEndMarker
  /// A stream with another number of events than was expected.
  case eventCount
  /// Not answered in time.
  case timeout
  /// Open loop: the request was due, and never sent: too many waited already.
  case overload
  /// Open loop: not answered when the time to drain was over.
  case unfinished

  /// As it stands in reports.
  var name: String {
    switch self {
    case .shortBody: "short_body"
    case .streamError: "stream_error"
    case .noEndMarker: "no_done"
    case .eventCount: "event_count"
    default: "\(self)"
    }
  }
}
