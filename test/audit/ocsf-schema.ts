import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OcsfEvent } from '@behalf/audit'
import { z } from 'zod'

interface Schema {
  readonly $defs: Readonly<Record<string, SchemaObject>>
}

interface SchemaObject {
  readonly properties: Readonly<Record<string, { readonly $ref?: string; readonly items?: { readonly $ref?: string } }>>
  readonly 'x-at-least-one'?: readonly string[]
}

const schema: Schema = JSON.parse(readFileSync(join(import.meta.dirname, 'ocsf.schema.json'), 'utf8'))

const classes = new Map(
  [
    [6003, 'api_activity'],
    [3003, 'authorize_session'],
  ].map(([uid, name]) => [uid, z.fromJSONSchema({ ...schema, $ref: `#/$defs/${name}` } as never)] as const),
)

/** What is wrong with an event, by the schema of its class. */
export function faultsOf(event: OcsfEvent): readonly string[] {
  const written: OcsfEvent = JSON.parse(JSON.stringify(event))
  const parsed = classes.get(written.class_uid)?.safeParse(written)
  const faults = parsed?.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
  if (written.type_uid !== written.class_uid * 100 + written.activity_id) faults.push('type_uid')
  return [...faults, ...lacking(written, written.class_uid === 6003 ? 'api_activity' : 'authorize_session')]
}

/** `at_least_one` has no word in JSON Schema that a reader of it would need to know here. */
function lacking(value: unknown, name: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const { properties, 'x-at-least-one': oneOf } = schema.$defs[name] ?? { properties: {} }
  const own = oneOf?.some((attribute) => Object.hasOwn(value, attribute)) === false ? [`${name}: one of ${oneOf}`] : []
  const inner = Object.entries(value).flatMap(([attribute, member]) => {
    const reference = properties[attribute]?.$ref ?? properties[attribute]?.items?.$ref
    if (reference === undefined) return []
    return [member].flat().flatMap((each) => lacking(each, reference.replace('#/$defs/', '')))
  })
  return [...own, ...inner]
}
