import { z } from 'zod'
import { policyFileSchema } from './document-schema.js'

/** JSON Schema (draft 2020-12) of a policy file, for editors and reviews. It does not see whether names refer to something. */
export function policyFileJsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(policyFileSchema, { target: 'draft-2020-12', io: 'input' }), title: 'behalf-policy/1' }
}
