import OAIRWire
import Testing

struct ContextLengthErrorTests {
  private func isOne(_ text: String) -> Bool {
    Array(text.utf8).withUnsafeBytes { ContextLengthError.isOne($0) }
  }

  @Test(arguments: [
    #"{"error":{"code":400,"message":"request (3024 tokens) exceeds the available context size"}}"#,
    #"{"error":{"code":400,"message":"…","type":"exceed_context_size_error","n_ctx":1024}}"#,
    #"{"error":{"message":"This model's maximum context length is 512 tokens.","code":400}}"#,
    #"{"error":{"message":"too long","param":"messages","code":"context_length_exceeded"}}"#,
    #"{"error":"the input length exceeds the context length"}"#,
  ])
  func `engines' words are known`(_ body: String) { #expect(isOne(body)) }

  @Test(arguments: [
    "", "c", "context_length_exceede",
    #"{"error":{"message":"max_tokens=99999 cannot be greater than max_model_len=512."}}"#,
    #"{"error":{"message":"The response was filtered","code":"content_filter"}}"#,
  ])
  func `other errors are something else`(_ body: String) { #expect(!isOne(body)) }
}
