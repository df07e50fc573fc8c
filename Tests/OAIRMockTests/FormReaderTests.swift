import Testing

@testable import OAIRMock

struct FormReaderTests {
  private func parts(_ body: String) -> [String] {
    FormReader.parts(Array(body.utf8), boundary: "b").map { "\($0.name)=\(text($0.content))" }
  }

  @Test
  func `parts have their names and contents`() {
    let body =
      "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n"
      + "--b\r\nContent-Type: x/y\r\ncontent-disposition: form-data; filename=\"a\"; name=file\r\n"
      + "\r\n\r\n--\r\n--c\r\n\r\n--b--\r\n"
    #expect(parts(body) == ["model=m", "file=\r\n--\r\n--c\r\n"])
  }

  @Test(arguments: [
    "", "--b", "--b\r\n", "--b--\r\n", "x--b\r\n\r\n\r\n--b--", "--b\r\n\r\nx\r\n--b--",
  ])
  func `what isn't a named part is left out`(body: String) {
    #expect(parts(body).isEmpty)
  }

  @Test(arguments: [
    ("multipart/form-data; boundary=abc", "abc"),
    ("multipart/form-data; charset=x; Boundary=\"a.b\"", "a.b"),
    ("multipart/form-data", nil), ("multipart/form-data; boundary", nil),
  ])
  func `a boundary is a parameter`(type: String, boundary: String?) {
    #expect(FormReader.boundary(type) == boundary)
  }
}
