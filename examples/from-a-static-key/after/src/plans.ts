/** What a customer pays for. A real service asks its database. */
export interface Plan {
  readonly name: string
  readonly renews: string
}

export const plans: ReadonlyMap<string, Plan> = new Map([
  ['user_1', { name: 'Team', renews: '2026-12-04' }],
  ['user_2', { name: 'Starter', renews: '2026-12-11' }],
])
