import { isDeepStrictEqual } from 'node:util'
import type { Claims } from '@behalf/core'

export interface RefundOrder {
  readonly charge: string
  readonly amount: number
}

export interface Refund extends RefundOrder {
  readonly id: string
  /** For whom it was written, and by which agent. */
  readonly subject: string
  readonly actor: string
}

interface Charge {
  readonly owner: string
  remaining: number
}

/** Charges by id, amounts in minor units. A real service asks its database. */
const charges = new Map<string, Charge>([
  ['ch_5591', { owner: 'user_8f2c1d', remaining: 4900 }],
  ['ch_5602', { owner: 'user_41b7aa', remaining: 900 }],
])

let written = 0

/** The order a body holds, or null when it holds none. */
export function parseRefundOrder(body: unknown): RefundOrder | null {
  if (typeof body !== 'object' || body === null || !('charge' in body) || !('amount' in body)) return null
  const { charge, amount } = body
  if (typeof charge !== 'string' || typeof amount !== 'number') return null
  return Number.isSafeInteger(amount) && amount > 0 ? { charge, amount } : null
}

/**
 * Whether the user agreed to this order: `authorization_details` of the token (RFC 9396) name the charge and the amount. A body
 * that holds no order is the business of the route.
 */
export function isAgreed({ authorization_details: details }: Claims, order: RefundOrder | null): boolean {
  if (order === null) return true
  const agreed = { type: 'refund', identifier: order.charge, amount: order.amount }
  return Array.isArray(details) && details.some((detail) => isDeepStrictEqual(detail, agreed))
}

/** Writes a refund, or null when the charge is not the subject's or less than the amount is left of it. */
export function writeRefund(order: RefundOrder, subject: string, actor: string): Refund | null {
  const charge = charges.get(order.charge)
  if (charge?.owner !== subject || charge.remaining < order.amount) return null
  charge.remaining -= order.amount
  written += 1
  return { id: `re_${written}`, ...order, subject, actor }
}
