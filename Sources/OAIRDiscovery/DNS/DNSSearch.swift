#if DNS
  import CCares

  /// A question on its way through the names that it's tried with.
  ///
  /// Confined to the loop's thread. The first name that has records is the answer. That there are
  /// none counts only when every name was told to have none: one server's failure must not look
  /// like a fleet that is gone.
  final class DNSSearch: Hashable {
    let question: DNSQuestion
    /// What is known so far.
    private(set) var outcome = DNSAnswer.failed("the control plane has stopped")
    private var names: ArraySlice<String>
    private var name = ""
    private var hasAnswer = false
    private unowned let channel: DNSChannel

    init(_ question: DNSQuestion, names: [String], channel: DNSChannel) {
      self.question = question
      self.names = names[...]
      self.channel = channel
    }

    /// The name to ask for next; nil when it's done.
    func next() -> String? {
      guard let next = names.popFirst() else { return nil }
      name = next
      return next
    }

    /// Ends without another try.
    func fail(_ reason: String) {
      outcome = .failed(reason)
      names = []
    }

    /// Takes c-ares' answer for the current name, and goes on.
    func answered(_ status: Int32, _ bytes: [UInt8]) {
      switch status {
      case ARES_EDESTRUCTION, ARES_ECANCELLED:
        names = []
      case ARES_SUCCESS, ARES_ENODATA, ARES_ENOTFOUND:
        take(DNSAnswer(bytes, name: name, type: question.type))
      default:
        if status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED { channel.lostServer() }
        take(.failed(String(cString: ares_strerror(status))))
      }
      channel.proceed(self)
    }

    private func take(_ answer: DNSAnswer) {
      switch (answer, outcome) {
      case (.found, _):
        outcome = answer
        names = []
      case (.nothing, .failed) where hasAnswer: break
      default: outcome = answer
      }
      hasAnswer = true
    }

    static func == (a: DNSSearch, b: DNSSearch) -> Bool { a === b }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
  }
#endif
