/** @internal */
export const style = `
:root { color-scheme: light dark; --ink: #1a1d21; --soft: #5b636d; --page: #f6f7f9; --card: #fff; --line: #dde1e6;
  --good: #0a7d3c; --warn: #8f5a00; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a0a8b2; --page: #111418; --card: #1b2026;
  --line: #323942; --good: #57c785; --warn: #e0ac4e; --bad: #f28b82 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums }
h1 { font-size: 1.3rem; margin: 0 } h2 { font-size: 1.05rem; margin: 0 }
header { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: baseline; margin-bottom: 1rem }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1rem }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem; min-width: 0 }
section.wide { grid-column: 1 / -1 }
.row > :last-child { white-space: nowrap } .row { display: flex; justify-content: space-between; gap: .8rem; align-items: baseline; overflow-wrap: break-word }
.price { font-size: 1.25rem; font-weight: 600 } .soft { color: var(--soft); font-size: .87rem }
.pass { color: var(--good) } .warn { color: var(--warn) } .fail { color: var(--bad) } .old { opacity: .55 }
svg { width: 100%; height: 2.2rem; display: block; margin: .2rem 0 .5rem }
polyline { fill: none; stroke: currentColor; stroke-width: 1.5; vector-effect: non-scaling-stroke }
progress { width: 6rem; height: .6rem } ol { list-style: none; margin: .4rem 0 0; padding: 0 }
[hidden] { display: none !important } form { display: flex; flex-wrap: wrap; gap: .5rem } input, button { font: inherit; padding: .3rem .6rem }
`
