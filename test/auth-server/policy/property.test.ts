import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PolicyDocument, Rule } from '../../../packages/auth-server/dist/policy/document.js'
import { document, question } from './arbitrary.js'
import { isAllowed, isMatch } from './reference.js'
import { policyOf } from './scene.js'

const runs = { numRuns: 2_000 }

describe('whatever the document and the question', () => {
  it('answers as an evaluator that looks at everything, and both answers occur often', () => {
    const seen = { allowed: 0, refused: 0 }
    fc.assert(
      fc.property(document, question, (document, question) => {
        const { allowed, verdicts } = policyOf(document).decide(question)
        for (const verdict of verdicts) {
          seen[verdict.allowed ? 'allowed' : 'refused'] += 1
          if (verdict.allowed !== isAllowed(document, question, verdict.name)) return false
        }
        return allowed === verdicts.every((verdict) => verdict.allowed)
      }),
      runs,
    )
    expect(seen.allowed).toBeGreaterThan(50)
    expect(seen.refused).toBeGreaterThan(50)
  })

  it('never returns a permission that a rule denies', () => {
    let denied = 0
    fc.assert(
      fc.property(document, question, (document, question) => {
        const { verdicts } = policyOf(document).decide(question)
        return verdicts.every(({ name, allowed }) => {
          const isDenied = denies(document).some((rule) => isMatch(rule, document, question, name))
          denied += isDenied ? 1 : 0
          return !(isDenied && allowed)
        })
      }),
      runs,
    )
    expect(denied).toBeGreaterThan(50)
  })

  it('refuses everything once a deny of everything is added, wherever it stands', () => {
    const stop: Rule = { id: 'stop', effect: 'deny', when: {} }
    fc.assert(
      fc.property(document, question, fc.nat({ max: 12 }), (document, question, place) => {
        const decision = policyOf({ ...document, rules: document.rules.toSpliced(place, 0, stop) }).decide(question)
        return !decision.allowed && decision.verdicts.every(({ allowed }) => !allowed)
      }),
      runs,
    )
  })

  it('allows no more when a deny is added, and no less when an allow is', () => {
    fc.assert(
      fc.property(document, document, question, (document, other, question) => {
        const [extra] = other.rules
        if (extra === undefined) return true
        const before = policyOf(document).decide(question).verdicts
        const after = policyOf({ ...document, rules: [...document.rules, { ...extra, id: 'extra' }] }).decide(
          question,
        ).verdicts
        return before.every(({ allowed }, index) =>
          extra.effect === 'deny' ? allowed || !after[index]?.allowed : !allowed || after[index]?.allowed === true,
        )
      }),
      runs,
    )
  })

  it('gives the same verdicts when it explains, and the first row is the one that decided', () => {
    fc.assert(
      fc.property(document, question, (document, question) => {
        const policy = policyOf(document)
        const { permissions, allowed } = policy.explain(question)
        const decision = policy.decide(question)
        expect(permissions).toEqual(decision.verdicts.map((verdict) => ({ ...verdict, rows: expect.any(Array) })))
        expect(allowed).toBe(decision.allowed)
        for (const { row, code, rows } of permissions) expect(rows[0]).toMatchObject({ row, code })
        for (const { name, rows } of permissions) {
          const matched = document.rules
            .filter((rule) => isMatch(rule, document, question, name))
            .map(({ id }) => `rules.${id}`)
          const named = rows.map(({ row }) => row).filter((row) => row.startsWith('rules.'))
          if (document.permissions[name] !== undefined) expect(named.toSorted()).toEqual(matched.toSorted())
        }
      }),
      { numRuns: 500 },
    )
  })

  it('names a row that the document has', () => {
    fc.assert(
      fc.property(document, question, (document, question) =>
        policyOf(document)
          .decide(question)
          .verdicts.every(({ row }) => isThere(document, row)),
      ),
      { numRuns: 500 },
    )
  })

  it('calls a rule shadowed or unreachable only where the answers are the same without it', () => {
    let found = 0
    fc.assert(
      fc.property(document, fc.array(question, { minLength: 5, maxLength: 5 }), (document, questions) => {
        const policy = policyOf(document)
        const rows = policy
          .lint()
          .filter(({ code }) => code === 'shadowed_rule' || code === 'unreachable_rule')
          .map(({ row }) => row)
        found += rows.length
        return rows.every((row) => {
          const without = policyOf({ ...document, rules: document.rules.filter(({ id }) => `rules.${id}` !== row) })
          return questions.every((question) => {
            const [before, after] = [policy.decide(question), without.decide(question)]
            return before.verdicts.every(({ allowed }, index) => allowed === after.verdicts[index]?.allowed)
          })
        })
      }),
      runs,
    )
    expect(found).toBeGreaterThan(50)
  })
})

function denies({ rules }: PolicyDocument): readonly Rule[] {
  return rules.filter(({ effect }) => effect === 'deny')
}

function isThere({ permissions, roles, rules }: PolicyDocument, row: string): boolean {
  const [kind = '', ...rest] = row.split('.')
  const name = rest.join('.')
  if (kind === 'rules') return rules.some(({ id }) => id === name)
  if (kind === 'roles') return roles[name] !== undefined
  if (kind === 'permissions') return permissions[name.slice(0, name.lastIndexOf('.'))] !== undefined
  return ['agents', 'accounts', 'unknownPermission'].includes(kind)
}
