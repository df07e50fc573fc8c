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

  /// Ollama's `/api/version`.
  static let ollamaVersion = #"{"version":"0.12.6"}"#

  /// Ollama's `/api/tags`, with the object of one model.
  static let ollamaTag = """
    {"name":"llama3.2:latest","model":"llama3.2:latest","modified_at":\
    "2025-11-04T14:56:49.277302595-07:00","size":2019393189,"digest":"a80c4f17acd5","details":\
    {"parent_model":"","format":"gguf","family":"llama","families":["llama"],\
    "parameter_size":"3.2B","quantization_level":"Q4_K_M"}}
    """
  static let ollamaTags = #"{"models":[\#(ollamaTag)]}"#

  /// Ollama's `/api/ps`, with the object of one model.
  static let ollamaProcess = """
    {"name":"llama3.2:latest","model":"llama3.2:latest","size":3000000000,"digest":\
    "a80c4f17acd5","details":{"format":"gguf","family":"llama","families":["llama"]},\
    "expires_at":"2026-11-25T02:00:00.5Z","size_vram":3000000000,"context_length":4096}
    """
  static let ollamaProcesses = #"{"models":[\#(ollamaProcess)]}"#

  /// vLLM's `/version`.
  static let vllmVersion = #"{"version":"0.32.0"}"#

  /// llama.cpp's `/props`, most of its members left out.
  static let llamaProps = """
    {"default_generation_settings":{"n_ctx":1024},"total_slots":2,"model_alias":"gemma-3-270m",\
    "model_path":"gemma.gguf","chat_template":"","build_info":"b0-unknown","is_sleeping":false}
    """

  /// SGLang's `/get_model_info`.
  static let sglangModelInfo = """
    {"model_path":"Qwen/Qwen3-8B","tokenizer_path":"Qwen/Qwen3-8B","is_generation":true,\
    "preferred_sampling_params":null,"weight_version":"default"}
    """

  /// LM Studio's own list.
  static let lmStudioModels = """
    {"object":"list","data":[{"id":"qwen2-vl-7b","object":"model","type":"vlm","publisher":\
    "mlx-community","arch":"qwen2_vl","compatibility_type":"mlx","quantization":"4bit",\
    "state":"not-loaded","max_context_length":32768}]}
    """

  /// LM Studio's answer to a path that it doesn't have, with status 200.
  static func lmStudioError(_ path: String) -> String {
    #"{"error":"Unexpected endpoint or method. (GET \#(path))"}"#
  }

  /// llama.cpp with several models, most members left out.
  static let llamaRouterModels = """
    {"object":"list","data":[{"id":"a","object":"model","owned_by":"llamacpp","status":\
    {"value":"loaded","args":["-c","4096"]}},{"id":"b","object":"model","owned_by":"llamacpp",\
    "status":{"value":"unloaded"}},{"id":"c","object":"model","owned_by":"llamacpp","status":\
    {"value":"loading","progress":0.5}}]}
    """
}
