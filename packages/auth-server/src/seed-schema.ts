import { z } from 'zod'
import { newAccountSchema } from './accounts/accounts.js'
import { newAgentSchema } from './agents/agents.js'
import { newClientSchema } from './clients/clients.js'
import { clientMetadataSchema } from './clients/metadata-schema.js'
import { names } from './input.js'
import { documentSchema } from './policy/document-schema.js'

/** First entries of a server, as a file holds them: each as it would be registered. */
export const seedSchema = z.strictObject({
  policy: documentSchema.optional(),
  agents: z.array(newAgentSchema.omit({ status: true }).extend({ ceiling: names.optional() })).optional(),
  clients: z
    .array(
      newClientSchema
        .omit({ agentId: true })
        .extend({ agent: z.string().optional(), metadata: clientMetadataSchema, secret: z.string().optional() }),
    )
    .optional(),
  accounts: z.array(newAccountSchema.extend({ permissions: names.optional() })).optional(),
})
