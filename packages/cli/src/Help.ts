/**
 * Reformats the help that `@effect/cli` prints: wraps it at 80 columns, drops boilerplate and adds examples.
 *
 * @since 0.1.0
 */
import { examples } from "./Examples.js"

const width = 80

/**
 * Returns `true` if a text is help printed by `@effect/cli`.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isHelp = (text: string): boolean => /^exchange\n\nexchange \S+ -- .*\n\nUSAGE\n/.test(text)

/**
 * Returns the name of the command that is called, such as `order place`. Returns `""` for the root command.
 *
 * @since 0.1.0
 * @category getters
 */
export const commandOf = (args: ReadonlyArray<string>): string => {
  const [first = "", second = ""] = args.filter((arg) => !arg.startsWith("-"))
  return [`${first} ${second}`, first].find((words) => words in examples) ?? ""
}

/**
 * Reformats a help text. `command` is the name of the command it describes, and `program` is the name the user calls
 * the executable by.
 *
 * @since 0.1.0
 * @category formatting
 */
export const fit = (text: string, program: string, command: string, colors: boolean): string => {
  const sections = read(text)
  const linesOf = (name: string) => sections.get(name) ?? []
  const called = command === "" ? program : `${program} ${command}`
  const section = (name: string, lines: ReadonlyArray<string>) =>
    lines.length === 0 ? [] : [[colors ? `\u{1b}[1m${name}\u{1b}[0m` : name, ...lines].join("\n")]
  const isGroup = linesOf("COMMANDS").length > 0
  return [
    ...wrap(linesOf("").slice(1).join(" "), 0, 0),
    ...section("USAGE", wrap(`$ ${called} ${isGroup ? "<command>" : usage(linesOf("USAGE"))}`, 2, 4)),
    ...section("DESCRIPTION", linesOf("DESCRIPTION").flatMap((line) => wrap(line, 2, 2))),
    ...section("EXAMPLES", (examples[command] ?? []).flatMap((example) => wrap(`$ ${program} ${example}`, 2, 4))),
    ...section("COMMANDS", commands(linesOf("COMMANDS"))),
    ...section("ARGUMENTS", entries(linesOf("ARGUMENTS"), false)),
    ...section("OPTIONS", entries(linesOf("OPTIONS"), true))
  ].join("\n\n")
}

/** Maps the title of each section to its non-blank lines. Lines before the first title are under `""`. */
const read = (text: string): ReadonlyMap<string, ReadonlyArray<string>> => {
  const sections = new Map<string, Array<string>>([["", []]])
  let lines = sections.get("")
  for (const line of text.split("\n")) {
    if (/^[A-Z]{2,}$/.test(line)) sections.set(line, lines = [])
    else if (line.trim() !== "") lines?.push(line)
  }
  return sections
}

/** Keeps only the arguments: options have their own section. */
const usage = (lines: ReadonlyArray<string>): string =>
  ["[options]", ...lines.join(" ").match(/\[?<[\w-]+>\]?(?:\.\.\.)?\]?/g) ?? []].join(" ")

const says = (line: string): boolean =>
  !/^(?:A user-defined piece of text|A true or false value|One of the following:|This (?:setting|argument) is optional|This (?:option|argument) (?:may|must) be repeated)/
    .test(line)

/** Formats each option or argument, with its description below it. */
const entries = (lines: ReadonlyArray<string>, areOptions: boolean): ReadonlyArray<string> => {
  const found: Array<{ readonly head: string; readonly details: Array<string> }> = []
  for (const line of lines) {
    if (line.startsWith(" ")) found.at(-1)?.details.push(line.trim())
    else found.push({ head: line.replace(/^\((.*)\)$/, "$1"), details: [] })
  }
  return found.flatMap(({ details, head }) => {
    const isNeeded = areOptions && !details.some((line) => /^This (?:setting is optional|option may be)/.test(line))
    return [
      ...wrap(head, 2, 6),
      ...wrap([...details.filter(says), ...isNeeded ? ["Required."] : []].join(" "), 6, 6)
    ]
  })
}

/** Formats each command with the first sentence of its description. */
const commands = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  const found = lines.flatMap((line) => {
    const [, usage = "", description = ""] = /^ *- (.*?) {2,}(.*)$/.exec(line) ?? []
    const name = /^[a-z]+(?: [a-z][a-z-]*)*/.exec(usage)?.[0]
    return name === undefined ? [] : [{ name, description: /^.*?[.:](?= |$)/.exec(description)?.[0] ?? description }]
  })
  const column = 4 + Math.max(0, ...found.map(({ name }) => name.length))
  return found.flatMap(({ description, name }) =>
    wrap(`${name.padEnd(column - 2)}${description.replace(/:$/, ".")}`, 2, column)
  )
}

/** Breaks lines at blanks, and within a word only after a `|`. */
const wrap = (text: string, indent: number, hanging: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = " ".repeat(indent)
  let isEmpty = true
  for (const [piece] of text.matchAll(/\s*\S+?(?:\||(?=\s)|$)/g)) {
    const word = isEmpty ? piece.replace(/^\s(?=\S)/, "") : piece
    if (!isEmpty && line.length + word.length > width) {
      lines.push(line)
      line = " ".repeat(hanging) + word.trimStart()
    } else {
      line += word
    }
    isEmpty = false
  }
  return isEmpty ? lines : [...lines, line]
}
