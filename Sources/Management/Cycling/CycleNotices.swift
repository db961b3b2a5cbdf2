// What members are told of auto cycling by mail, where the policy wants it.
internal import KeyModel

extension UseCases {
  /// On, off, another endpoint or another frequency.
  func tellCyclingChanged(
    _ settings: CyclingSettings, _ context: inout ChangeContext
  ) throws {}

  func tellCycleFailed(_ step: CycleStep, _ context: inout ChangeContext) throws {}
}
