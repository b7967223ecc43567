import { z } from 'zod'
import { clientMetadataSchema } from './clients/metadata-schema.js'
import { documentSchema } from './policy/document-schema.js'

/** First entries of a server, as a file holds them. */
export const seedSchema = z.strictObject({
  policy: documentSchema.optional(),
  agents: z
    .array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        owner: z.string(),
        description: z.string().optional(),
        roles: z.array(z.string()).optional(),
        ceiling: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  clients: z
    .array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        agent: z.string().optional(),
        metadata: clientMetadataSchema,
        secret: z.string().optional(),
      }),
    )
    .optional(),
  accounts: z
    .array(
      z.strictObject({
        subject: z.string(),
        username: z.string(),
        name: z.string(),
        password: z.string(),
        permissions: z.array(z.string()).optional(),
      }),
    )
    .optional(),
})
