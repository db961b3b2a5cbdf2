// Fields that did not come with this call's own head: those of a verify body. The list is used
// again for the next body; the bytes in it are borrowed from that body.

final class FieldList: HeadFields {
  private var names: [UnsafeRawBufferPointer] = []
  private var values: [UnsafeRawBufferPointer] = []

  var count: Int { names.count }
  func name(_ index: Int) -> UnsafeRawBufferPointer { names[index] }
  func value(_ index: Int) -> UnsafeRawBufferPointer { values[index] }

  func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    names.append(name)
    values.append(value)
  }

  func reset() {
    names.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
  }
}
