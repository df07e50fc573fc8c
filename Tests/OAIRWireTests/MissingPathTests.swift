import OAIRWire
import Testing

struct MissingPathTests {
  private func judge(_ body: String) -> MissingPath {
    Array(body.utf8).withUnsafeBytes { MissingPath.judge($0) }
  }

  @Test(arguments: [
    "", "\r\n", #"{"detail":"Not Found"}"#, "404 page not found\n",
    #"{"error":{"message":"File Not Found","type":"not_found_error","code":404}}"#,
    #"{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}"#,
    #"{"error":"Unexpected endpoint or method. (POST /v1/rerank)"}"#,
    "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center>nginx</center>",
    "<!DOCTYPE html>\n<html lang=\"en\">\n<body>\n<pre>Cannot POST /v1/rerank</pre>\n</body>",
    "Cannot POST /v1/rerank\n",
  ])
  func `servers' words for a path that they don't have are known`(_ body: String) {
    #expect(judge(body) == .yes)
  }

  @Test(arguments: [
    #"{"error":{"message":"No backend behind this router serves /score. The model 'm' is served by"#
      + #" llamacpp, without that path.","type":"invalid_request_error","param":null,"#
      + #""code":"unsupported_endpoint"}}"#,
    #"{"type":"error","error":{"type":"not_found_error","#
      + #""message":"No backend behind this router serves /v1/messages."}}"#,
    #"{"error":"No backend behind this router serves /api/embed."}"#,
  ])
  func `another router's words are about path and model`(_ body: String) {
    #expect(judge(body) == .forModel)
  }

  @Test(arguments: [
    #"{"error":{"message":"The model `x` does not exist.","type":"NotFoundError","code":404}}"#,
    #"{"error":{"message":"The model 'x' doesn't exist here.","code":"model_not_found"}}"#,
    #"{"error":"model 'x' not found"}"#, #"{"error":"model \"x\" not found, try pulling"}"#,
    #"{"error":{"message":"Response with id 'resp_1' not found.","param":"response_id"}}"#,
    #"{"detail":"LoRA adapter x not found"}"#, "model x not found", "<html>who knows</html>", "{",
    #"{"error":{"message":"nothing like 404 page not found or Cannot POST /"}}"#, "40",
  ])
  func `what names a model or an object is something else`(_ body: String) {
    #expect(judge(body) == .no)
  }
}
