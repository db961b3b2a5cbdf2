// Fields that did not come with this call's own head: those of a verify body. The list is used
// again for the next body; the bytes in it are borrowed from that body.

final class FieldList: HeadFields {
  private struct Field {
    let name: UnsafeRawBufferPointer
    let value: UnsafeRawBufferPointer
  }

  private var fields: ContiguousArray<Field> = []

  var count: Int { fields.count }
  func name(_ index: Int) -> UnsafeRawBufferPointer { fields[index].name }
  func value(_ index: Int) -> UnsafeRawBufferPointer { fields[index].value }

  func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    fields.append(Field(name: name, value: value))
  }

  func reset() {
    // Most bodies name none.
    if !fields.isEmpty { fields.removeAll(keepingCapacity: true) }
  }
}
