// SPDX-License-Identifier: Apache-2.0

/// Reads any bytes as a configuration. Whatever they are: reading ends, says what it found in the order of
/// the text, and stays within it. Other files are the same bytes again, so that inclusion is tried too,
/// though not without end.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    var reads = 0
    let files = FileReader { (path: String) throws(FileReader.Failure) in
        reads += 1
        guard path.utf8.count < 3, reads < 20 else { throw .missing }
        return Array(bytes.prefix(bytes.count / 2))
    }
    let diagnostics = Diagnostics()
    let configuration = Configuration.read(
        SourceFile(name: "fuzz", bytes: bytes), files: files, diagnostics: diagnostics)
    for diagnostic in diagnostics.sorted {
        guard let place = diagnostic.place else { continue }
        precondition(place.line >= 1 && place.column >= 1 && place.length >= 1)
        precondition(place.file.line(place.line) != nil, "a line that is not there")
        precondition(!diagnostic.description.isEmpty)
    }
    precondition(configuration.items.count <= bytes.count * 1000)
    return 0
}
