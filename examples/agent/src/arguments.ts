import { z } from 'zod'

// What the model may say. Who asks is not its business, and each API looks for itself whether a record is theirs.

const userId = z.string().regex(/^\w{1,64}$/)

export const none = z.object({})
export const someUser = z.object({ userId })
export const someCharge = z.object({ userId, charge: z.string(), amount: z.int().positive() })
