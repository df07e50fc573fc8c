import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// Which models there are, for whoever asks: the holder of a key sees those that the key may use.

extension Proxy {
  /// Answers with a list of models.
  ///
  /// The whole list lies ready in the route table. A part of it is put together here: a copy of
  /// objects that are rendered already, bounded by the length of the whole.
  mutating func answerList(_ downstream: Handle, _ list: ModelListing) {
    guard isKeyBound(downstream) else {
      switch list {
      case .models: answer(downstream, 200, table.modelsBody)
      case .tags: answer(downstream, 200, table.tagsBody)
      case .processes: answer(downstream, 200, table.processesBody)
      }
      return
    }
    answer(downstream, 200, table.body(of: list) { isModelAllowed(downstream, $0) })
  }

  /// Answers with one model's object; ids may hold `/`, and `%2F` for it.
  mutating func answerModel(_ downstream: Handle, _ head: RequestHead, _ range: Range<Int>) {
    let path = UnsafeRawBufferPointer(
      rebasing: downstreams[downstream].exchange.head[head.path.range]
    )
    let id = UnsafeRawBufferPointer(rebasing: path[range])
    let count = PercentDecoding.decode(id, into: scratch.read)
    let name = UnsafeRawBufferPointer(rebasing: scratch.read[..<count])
    let text = String(decoding: name.prefix(512), as: UTF8.self)
    guard isModelAllowed(downstream, ModelName.canonical(name)) else {
      counters.refusedModels += 1
      refuse(downstream, GatewayError(.modelNotAllowed, text))
      return
    }
    if let entry = table.entry(for: name) {
      let body = table.modelBody(entry) { isModelAllowed(downstream, $0) }
      if !body.isEmpty {
        answer(downstream, 200, body)
        return
      }
    }
    refuse(
      downstream,
      GatewayError(.modelNotFound, text, advice: "GET /v1/models lists what there is.")
    )
  }
}
