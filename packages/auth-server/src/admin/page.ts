import { z } from 'zod'

/** Things on a page, where the caller does not say, and at most. */
const defaultLimit = 50
const maxLimit = 200

/** The query parameters of every list. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(maxLimit)
    .default(defaultLimit)
    .describe(`Things on a page, at most ${maxLimit}.`),
  after: z.string().min(1).max(512).optional().describe('Where the page begins: `next` of the page before.'),
}

/** The answer of a list. */
export function pageOf<Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ items: z.ZodReadonly<z.ZodArray<Item>>; next: z.ZodOptional<z.ZodString> }> {
  return z.object({
    items: z.array(item).readonly(),
    next: z.string().optional().describe('`after` of the next page; absent on the last one.'),
  })
}

/** What a list answers. */
export interface PageOutcome<Item> {
  readonly body: { readonly items: readonly Item[]; readonly next?: string }
  readonly next?: string
}

/**
 * Cuts a page from what was read: one more than the page holds says that there is a next one.
 *
 * @param read - reads that many
 */
export async function cutPage<Item>(
  limit: number,
  read: (limit: number) => Promise<readonly Item[]>,
  cursorOf: (item: Item) => string,
): Promise<PageOutcome<Item>> {
  const found = await read(limit + 1)
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const next = found.length > limit && last !== undefined ? cursorOf(last) : undefined
  return { body: { items, next }, next }
}
