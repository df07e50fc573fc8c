/// What real engines answered, as recorded: Docker 20.10.24 (API 1.41) and Podman 4.3.1.
enum RecordedContainers {
  /// The list of Docker: lc1 (host network), ollama1 (published), vllm1 (published on loopback).
  static let docker =
    #"[{"Id":"54a216fd138d94f80f2b61074921842e5e436b90886fc214c6b84835a3601201","Names":["/lc1"#
    + #""],"Image":"ghcr.io/ggml-org/llama.cpp:server","ImageID":"sha256:e62c1377027ffe630b6b3df"#
    + #"f6efd34da1c3d66012ace00db1ecf767ac781b011","Command":"/bin/httpd -f -p 18080 -h /www","C"#
    + #"reated":1795331730,"Ports":[],"Labels":{},"State":"running","Status":"Up 21 seconds (unh"#
    + #"ealthy)","HostConfig":{"NetworkMode":"host"},"NetworkSettings":{"Networks":{"host":{"IPA"#
    + #"MConfig":null,"Links":null,"Aliases":null,"NetworkID":"8fe98242630d3238a068545de32074cf1"#
    + #"1b6b96bc6ed899237c95bfe51d1da5e","EndpointID":"36065bdd5ef3d85c5fb65a3139e5a40b4563bc492"#
    + #"c6fdee07e948d3c378cf06e","Gateway":"","IPAddress":"","IPPrefixLen":0,"IPv6Gateway":"","G"#
    + #"lobalIPv6Address":"","GlobalIPv6PrefixLen":0,"MacAddress":"","DriverOpts":null}}},"Mount"#
    + #"s":[]},{"Id":"a5c71c36b2437fe47ff1c7021a984c23f158a01a90f3dd23c75b898683b96232","Names":"#
    + #"["/ollama1"],"Image":"ollama/ollama:latest","ImageID":"sha256:82f1790c522f71a565b4f1b2d7"#
    + #"49afdfbe8bab98552eb8c5f0ff87e250e630d3","Command":"/bin/httpd -f -p 11434 -h /www","Crea"#
    + #"ted":1795331729,"Ports":[{"IP":"0.0.0.0","PrivatePort":11434,"PublicPort":11435,"Type":""#
    + #"tcp"},{"IP":"::","PrivatePort":11434,"PublicPort":11435,"Type":"tcp"}],"Labels":{"oairou"#
    + #"ter.enabled":"true"},"State":"running","Status":"Up 21 seconds","HostConfig":{"NetworkMo"#
    + #"de":"default"},"NetworkSettings":{"Networks":{"bridge":{"IPAMConfig":null,"Links":null,""#
    + #"Aliases":null,"NetworkID":"aa91f0ce5f525cdf4b5c16ee5de1deccf8040420f7e2f8b3d919b7d78f3b6"#
    + #"257","EndpointID":"4eb13bce3b3b717460cc12d269e34df82a893fd8251090c40d78dc10a074b91d","Ga"#
    + #"teway":"172.17.0.1","IPAddress":"172.17.0.3","IPPrefixLen":16,"IPv6Gateway":"","GlobalIP"#
    + #"v6Address":"","GlobalIPv6PrefixLen":0,"MacAddress":"02:42:ac:11:00:03","DriverOpts":null"#
    + #"}}},"Mounts":[]},{"Id":"8b48a14e81435dffb265779c9777c1ac35ea731cc99d9081d36fa706411ee32e"#
    + #"","Names":["/vllm1"],"Image":"vllm/vllm-openai:latest","ImageID":"sha256:f8a07808eeaaaf6"#
    + #"6dcbb2940e353c57a18334a38279561e4666e5f52ab42cb41","Command":"/bin/httpd -f -p 8000 -h /"#
    + #"www","Created":1795331729,"Ports":[{"IP":"127.0.0.1","PrivatePort":8000,"PublicPort":180"#
    + #"00,"Type":"tcp"}],"Labels":{"oairouter.backend":"vllm","oairouter.enabled":"true"},"Stat"#
    + #"e":"running","Status":"Up 22 seconds","HostConfig":{"NetworkMode":"default"},"NetworkSet"#
    + #"tings":{"Networks":{"bridge":{"IPAMConfig":null,"Links":null,"Aliases":null,"NetworkID":"#
    + #""aa91f0ce5f525cdf4b5c16ee5de1deccf8040420f7e2f8b3d919b7d78f3b6257","EndpointID":"c5e85e1"#
    + #"a6f6653b01db43243f0cfcceb0895e60ec105fa70ea814f61cf1117e9","Gateway":"172.17.0.1","IPAdd"#
    + #"ress":"172.17.0.2","IPPrefixLen":16,"IPv6Gateway":"","GlobalIPv6Address":"","GlobalIPv6P"#
    + #"refixLen":0,"MacAddress":"02:42:ac:11:00:02","DriverOpts":null}}},"Mounts":[]}]"#

  /// The same of Podman: p2 (host network), p1 (published on loopback).
  static let podman =
    #"[{"Id":"70cdd50fac54a9af8f2c43391a224195d3543bc9ff6a8802602c424d030de1cb","Names":["/p2""#
    + #"],"Image":"docker.io/vllm/vllm-openai:latest","ImageID":"sha256:da5e85f25ccf68c2b0d0cfdb"#
    + #"cda18d5feb94908bbf8c8f8d5a5a699ba2fc468f","Command":"/bin/httpd -f -p 18002 -h /www","Cr"#
    + #"eated":1795332814,"Ports":[],"Labels":{"oairouter.enabled":"true"},"State":"running","St"#
    + #"atus":"Up Less than a second","NetworkSettings":{"Networks":null},"Mounts":[],"Name":"","#
    + #""Config":null,"NetworkingConfig":null,"Platform":null,"AdjustCPUShares":false},{"Id":"c3"#
    + #"a92da69afb64c747de6773cc7126ea4fe953e6845fbde265cb6bc1036f560e","Names":["/p1"],"Image":"#
    + #""docker.io/vllm/vllm-openai:latest","ImageID":"sha256:da5e85f25ccf68c2b0d0cfdbcda18d5feb"#
    + #"94908bbf8c8f8d5a5a699ba2fc468f","Command":"/bin/httpd -f -p 8000 -h /www","Created":1795"#
    + #"332814,"Ports":[{"IP":"127.0.0.1","PrivatePort":8000,"PublicPort":18001,"Type":"tcp"}],""#
    + #"Labels":{"oairouter.enabled":"true"},"State":"running","Status":"Up Less than a second","#
    + #""NetworkSettings":{"Networks":{"podman":{"IPAMConfig":null,"Links":null,"Aliases":["c3a9"#
    + #"2da69afb"],"NetworkID":"podman","EndpointID":"","Gateway":"10.88.0.1","IPAddress":"10.88"#
    + #".0.4","IPPrefixLen":16,"IPv6Gateway":"","GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,""#
    + #"MacAddress":"2a:c7:4a:09:04:3c","DriverOpts":null}}},"Mounts":[],"Name":"","Config":null"#
    + #","NetworkingConfig":null,"Platform":null,"AdjustCPUShares":false}]"#

  /// Start, unhealthy, die, stop, pause, unpause, rename, destroy.
  static let dockerEvents: [String] = [
    #"{"status":"start","id":"8b48a14e81435dffb265779c9777c1ac35ea731cc99d9081d36fa706411e"#
      + #"e32e","from":"vllm/vllm-openai:latest","Type":"container","Action":"start","Actor":{"#
      + #""ID":"8b48a14e81435dffb265779c9777c1ac35ea731cc99d9081d36fa706411ee32e","Attributes""#
      + #":{"image":"vllm/vllm-openai:latest","name":"vllm1","oairouter.backend":"vllm","oairo"#
      + #"uter.enabled":"true"}},"scope":"local","time":1795331729,"timeNano":1795331729735659"#
      + #"273}"#,
    #"{"status":"health_status: unhealthy","id":"54a216fd138d94f80f2b61074921842e5e436b908"#
      + #"86fc214c6b84835a3601201","from":"ghcr.io/ggml-org/llama.cpp:server","Type":"containe"#
      + #"r","Action":"health_status: unhealthy","Actor":{"ID":"54a216fd138d94f80f2b6107492184"#
      + #"2e5e436b90886fc214c6b84835a3601201","Attributes":{"image":"ghcr.io/ggml-org/llama.cp"#
      + #"p:server","name":"lc1"}},"scope":"local","time":1795331732,"timeNano":17953317328831"#
      + #"06302}"#,
    #"{"status":"die","id":"8b48a14e81435dffb265779c9777c1ac35ea731cc99d9081d36fa706411ee3"#
      + #"2e","from":"vllm/vllm-openai:latest","Type":"container","Action":"die","Actor":{"ID""#
      + #":"8b48a14e81435dffb265779c9777c1ac35ea731cc99d9081d36fa706411ee32e","Attributes":{"e"#
      + #"xitCode":"137","image":"vllm/vllm-openai:latest","name":"vllm1","oairouter.backend":"#
      + #""vllm","oairouter.enabled":"true"}},"scope":"local","time":1795331756,"timeNano":179"#
      + #"5331756012937372}"#,
    #"{"status":"stop","id":"8b48a14e81435dffb265779c9777c1ac35ea731cc99d9081d36fa706411ee"#
      + #"32e","from":"vllm/vllm-openai:latest","Type":"container","Action":"stop","Actor":{"I"#
      + #"D":"8b48a14e81435dffb265779c9777c1ac35ea731cc99d9081d36fa706411ee32e","Attributes":{"#
      + #""image":"vllm/vllm-openai:latest","name":"vllm1","oairouter.backend":"vllm","oairout"#
      + #"er.enabled":"true"}},"scope":"local","time":1795331757,"timeNano":179533175711245426"#
      + #"2}"#,
    #"{"status":"pause","id":"54a216fd138d94f80f2b61074921842e5e436b90886fc214c6b84835a360"#
      + #"1201","from":"ghcr.io/ggml-org/llama.cpp:server","Type":"container","Action":"pause""#
      + #","Actor":{"ID":"54a216fd138d94f80f2b61074921842e5e436b90886fc214c6b84835a3601201","A"#
      + #"ttributes":{"image":"ghcr.io/ggml-org/llama.cpp:server","name":"lc1"}},"scope":"loca"#
      + #"l","time":1795331758,"timeNano":1795331758412254629}"#,
    #"{"status":"unpause","id":"54a216fd138d94f80f2b61074921842e5e436b90886fc214c6b84835a3"#
      + #"601201","from":"ghcr.io/ggml-org/llama.cpp:server","Type":"container","Action":"unpa"#
      + #"use","Actor":{"ID":"54a216fd138d94f80f2b61074921842e5e436b90886fc214c6b84835a3601201"#
      + #"","Attributes":{"image":"ghcr.io/ggml-org/llama.cpp:server","name":"lc1"}},"scope":""#
      + #"local","time":1795331759,"timeNano":1795331759448171440}"#,
    #"{"status":"rename","id":"54a216fd138d94f80f2b61074921842e5e436b90886fc214c6b84835a36"#
      + #"01201","from":"ghcr.io/ggml-org/llama.cpp:server","Type":"container","Action":"renam"#
      + #"e","Actor":{"ID":"54a216fd138d94f80f2b61074921842e5e436b90886fc214c6b84835a3601201","#
      + #""Attributes":{"image":"ghcr.io/ggml-org/llama.cpp:server","name":"lc2","oldName":"/l"#
      + #"c1"}},"scope":"local","time":1795331759,"timeNano":1795331759511592680}"#,
    #"{"status":"destroy","id":"a5c71c36b2437fe47ff1c7021a984c23f158a01a90f3dd23c75b898683"#
      + #"b96232","from":"ollama/ollama:latest","Type":"container","Action":"destroy","Actor":"#
      + #"{"ID":"a5c71c36b2437fe47ff1c7021a984c23f158a01a90f3dd23c75b898683b96232","Attributes"#
      + #"":{"image":"ollama/ollama:latest","name":"ollama1","oairouter.enabled":"true"}},"sco"#
      + #"pe":"local","time":1795331761,"timeNano":1795331761875737051}"#,
  ]

  /// Create, pull of an image, start, die, cleanup, remove.
  static let podmanEvents: [String] = [
    #"{"status":"create","id":"3346ecc17ca45dffab6addb158032deb0e53968c274a8dc98633d5b7e41"#
      + #"3220d","from":"docker.io/vllm/vllm-openai:latest","Type":"container","Action":"creat"#
      + #"e","Actor":{"ID":"3346ecc17ca45dffab6addb158032deb0e53968c274a8dc98633d5b7e413220d","#
      + #""Attributes":{"containerExitCode":"0","image":"docker.io/vllm/vllm-openai:latest","n"#
      + #"ame":"p3","podId":""}},"scope":"local","time":1795332879,"timeNano":1795332879437999"#
      + #"515}"#,
    #"{"status":"pull","Type":"image","Action":"pull","Actor":{"ID":"","Attributes":{"cont"#
      + #"ainerExitCode":"0","image":"","name":"docker.io/vllm/vllm-openai:latest","podId":""}"#
      + #"},"scope":"local","time":1795332879,"timeNano":1795332879418334678}"#,
    #"{"status":"start","id":"3346ecc17ca45dffab6addb158032deb0e53968c274a8dc98633d5b7e413"#
      + #"220d","from":"docker.io/vllm/vllm-openai:latest","Type":"container","Action":"start""#
      + #","Actor":{"ID":"3346ecc17ca45dffab6addb158032deb0e53968c274a8dc98633d5b7e413220d","A"#
      + #"ttributes":{"containerExitCode":"0","image":"docker.io/vllm/vllm-openai:latest","nam"#
      + #"e":"p3","podId":""}},"scope":"local","time":1795332879,"timeNano":179533287954180833"#
      + #"2}"#,
    #"{"status":"die","id":"3346ecc17ca45dffab6addb158032deb0e53968c274a8dc98633d5b7e41322"#
      + #"0d","from":"docker.io/vllm/vllm-openai:latest","Type":"container","Action":"die","Ac"#
      + #"tor":{"ID":"3346ecc17ca45dffab6addb158032deb0e53968c274a8dc98633d5b7e413220d","Attri"#
      + #"butes":{"containerExitCode":"137","exitCode":"137","image":"docker.io/vllm/vllm-open"#
      + #"ai:latest","name":"p3","podId":""}},"scope":"local","time":1795332879,"timeNano":179"#
      + #"5332879631680078}"#,
    #"{"status":"cleanup","id":"3346ecc17ca45dffab6addb158032deb0e53968c274a8dc98633d5b7e4"#
      + #"13220d","from":"docker.io/vllm/vllm-openai:latest","Type":"container","Action":"clea"#
      + #"nup","Actor":{"ID":"3346ecc17ca45dffab6addb158032deb0e53968c274a8dc98633d5b7e413220d"#
      + #"","Attributes":{"containerExitCode":"0","image":"docker.io/vllm/vllm-openai:latest","#
      + #""name":"p3","podId":""}},"scope":"local","time":1795332879,"timeNano":17953328796509"#
      + #"32821}"#,
    #"{"status":"remove","id":"3346ecc17ca45dffab6addb158032deb0e53968c274a8dc98633d5b7e41"#
      + #"3220d","from":"docker.io/vllm/vllm-openai:latest","Type":"container","Action":"remov"#
      + #"e","Actor":{"ID":"3346ecc17ca45dffab6addb158032deb0e53968c274a8dc98633d5b7e413220d","#
      + #""Attributes":{"containerExitCode":"0","image":"docker.io/vllm/vllm-openai:latest","n"#
      + #"ame":"p3","podId":""}},"scope":"local","time":1795332880,"timeNano":1795332880538544"#
      + #"207}"#,
  ]
}
