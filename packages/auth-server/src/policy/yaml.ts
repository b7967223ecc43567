import { type Document, parseDocument, stringify, visit } from 'yaml'
import { InvalidInputError } from '../errors.js'

/** Characters of a file. */
const maxLength = 4_000_000

/**
 * Reads YAML 1.2 (which JSON is a part of) as plain data: one document, no anchors, aliases, tags or directives, every key a string
 * and there once.
 *
 * @throws InvalidInputError that says where it is wrong
 */
export function readYaml(text: string): unknown {
  if (text.length > maxLength) throw new InvalidInputError(`the file has more than ${maxLength} characters`)
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
  })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) throw new InvalidInputError(`the file is no YAML: ${problem.message.split('\n')[0] ?? ''}`)
  if (document.directives?.yaml.explicit === true) throw new InvalidInputError('the file has a YAML directive')
  refuseIndirection(document)
  return document.toJS({ maxAliasCount: 0 })
}

/** Writes plain data so that the same data is always the same text. */
export function writeYaml(value: unknown): string {
  return stringify(value, {
    version: '1.2',
    schema: 'core',
    compat: 'yaml-1.1',
    lineWidth: 0,
    aliasDuplicateObjects: false,
  })
}

/** Nothing in a reviewed file stands for something elsewhere in it. */
function refuseIndirection(document: Document.Parsed): void {
  const refuse = (): never => {
    throw new InvalidInputError('the file has an alias, an anchor or a tag')
  }
  visit(document, {
    Alias: refuse,
    Value: (_, node) => {
      if (node.anchor !== undefined || node.tag !== undefined) refuse()
    },
  })
}
