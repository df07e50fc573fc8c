/// Answers of real servers, shortened in the middle of objects only where marked by a comment.
enum RecordedAnswers {
  /// llama.cpp's one object.
  static let llamaModel = """
    {"id":"gemma-3-270m","aliases":["gemma-3-270m"],"tags":[],"object":"model","architecture":\
    {"input_modalities":["text"],"output_modalities":["text"]},"created":1795332059,\
    "owned_by":"llamacpp","meta":{"vocab_type":1,"n_vocab":262144,"n_ctx":1024,"ftype":\
    "Q4_K - Medium"}}
    """

  /// llama.cpp: the list stands beside one in Ollama's form.
  static let llamaModels = """
    {"models":[{"name":"gemma-3-270m","model":"gemma-3-270m","modified_at":"","size":"",\
    "digest":"","type":"model","capabilities":["completion"],"details":{"parent_model":"",\
    "families":[""]}}],"object":"list","data":[\(llamaModel)]}
    """

  /// llama.cpp's answer to everything while it loads.
  static let llamaLoading =
    #"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#

  /// One of vLLM's objects.
  static func vllmModel(_ id: String) -> String {
    """
    {"id":"\(id)","object":"model","created":1795332341,"owned_by":"vllm","root":"tiny",\
    "parent":null,"max_model_len":512,"permission":[{"id":"modelperm-a35bb9db471d922d",\
    "object":"model_permission","allow_sampling":true,"group":null,"is_blocking":false}]}
    """
  }

  /// vLLM with an alias.
  static let vllmModels =
    #"{"object":"list","data":[\#(vllmModel("tiny")),\#(vllmModel("tiny-alias"))]}"#

  /// Ollama with one model.
  static let ollamaModels = """
    {"object":"list","data":[{"id":"llama3.2:latest","object":"model","created":1795000000,\
    "owned_by":"library"}]}

    """

  /// Ollama without one.
  static let ollamaNone = #"{"object":"list","data":null}"#
}
