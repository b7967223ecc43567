export interface Plan {
  readonly name: string
  readonly price: { readonly amount: number; readonly currency: string }
  readonly renews: string
}

export interface Charge {
  readonly id: string
  readonly amount: number
  readonly currency: string
  readonly date: string
  readonly for: string
}

export interface Account {
  readonly customer: string
  readonly plan: Plan
  readonly charges: readonly Charge[]
}

/** Accounts by the subject of a token. A real service asks its database; amounts are in minor units. */
export const accounts: ReadonlyMap<string, Account> = new Map([
  [
    'user_8f2c1d',
    {
      customer: 'cus_123',
      plan: { name: 'Team', price: { amount: 4900, currency: 'EUR' }, renews: '2026-12-04' },
      charges: [
        { id: 'ch_5591', amount: 4900, currency: 'EUR', date: '2026-11-04', for: 'Team, November' },
        { id: 'ch_5120', amount: 4900, currency: 'EUR', date: '2026-10-04', for: 'Team, October' },
      ],
    },
  ],
  [
    'user_41b7aa',
    {
      customer: 'cus_124',
      plan: { name: 'Starter', price: { amount: 900, currency: 'EUR' }, renews: '2026-12-11' },
      charges: [{ id: 'ch_5602', amount: 900, currency: 'EUR', date: '2026-11-11', for: 'Starter, November' }],
    },
  ],
])
