/**
 * Help as people read it: 80 columns wide, without what says nothing, and with examples.
 *
 * @since 0.1.0
 */
import { examples } from "./Examples.js"

const width = 80

/**
 * Whether a text is help as `@effect/cli` prints it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isHelp = (text: string): boolean => /^exchange\n\nexchange \S+ -- .*\n\nUSAGE\n/.test(text)

/**
 * The words of the command that is called, such as `order place`; none where it is the command itself.
 *
 * @since 0.1.0
 * @category getters
 */
export const commandOf = (args: ReadonlyArray<string>): string => {
  const [first = "", second = ""] = args.filter((arg) => !arg.startsWith("-"))
  return [`${first} ${second}`, first].find((words) => words in examples) ?? ""
}

/**
 * Help in another form: `command` says of which command, and `program` is what it is called by.
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

/** The lines of each section that have anything on them, by its title; those before the first under none. */
const read = (text: string): ReadonlyMap<string, ReadonlyArray<string>> => {
  const sections = new Map<string, Array<string>>([["", []]])
  let lines = sections.get("")
  for (const line of text.split("\n")) {
    if (/^[A-Z]{2,}$/.test(line)) sections.set(line, lines = [])
    else if (line.trim() !== "") lines?.push(line)
  }
  return sections
}

/** The arguments alone: options have a section of their own. */
const usage = (lines: ReadonlyArray<string>): string =>
  ["[options]", ...lines.join(" ").match(/\[?<[\w-]+>\]?(?:\.\.\.)?\]?/g) ?? []].join(" ")

const says = (line: string): boolean =>
  !/^(?:A user-defined piece of text|A true or false value|One of the following:|This (?:setting|argument) is optional|This (?:option|argument) (?:may|must) be repeated)/
    .test(line)

/** An option or an argument each, with what it means below it. */
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
      ...wrap([...details.filter(says), ...isNeeded ? ["It has to be given."] : []].join(" "), 6, 6)
    ]
  })
}

/** A command each, and the first sentence of what is said of it. */
const commands = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  const found = lines.flatMap((line) => {
    const [, usage = "", description = ""] = /^ *- (.*?) {2,}(.*)$/.exec(line) ?? []
    const name = /^[a-z]+(?: [a-z]+)*/.exec(usage)?.[0]
    return name === undefined ? [] : [{ name, description: /^.*?[.:](?= |$)/.exec(description)?.[0] ?? description }]
  })
  const column = 4 + Math.max(0, ...found.map(({ name }) => name.length))
  return found.flatMap(({ description, name }) =>
    wrap(`${name.padEnd(column - 2)}${description.replace(/:$/, ".")}`, 2, column)
  )
}

/** Breaks at blanks, and what is too long by itself behind a bar. */
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
