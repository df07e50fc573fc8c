import OAIRProxy

extension ReportDesk {
  /// Waits for a report; nil when the data plane has ended.
  func report() async -> ProxyReport? {
    await withCheckedContinuation { continuation in
      ask { continuation.resume(returning: $0) }
    }
  }
}
