/** An event as OCSF has it. What each class holds beside these is the schema's: https://schema.ocsf.io */
export interface OcsfEvent {
  readonly class_uid: number
  readonly category_uid: number
  readonly activity_id: number
  /** `class_uid * 100 + activity_id` */
  readonly type_uid: number
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly severity_id: number
  readonly metadata: Readonly<Record<string, unknown>>
  readonly [attribute: string]: unknown
}
