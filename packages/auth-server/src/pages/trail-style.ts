/** The style of the pages of the trail: dense, and every decision a sign, a word and a colour. */
export const trailStyle = `
:root { --good: #176339; --warn: #7d4a00; --good-ground: #e7f4ec; --warn-ground: #fdf1dc; --stripe: #dcdce3; }
@media (prefers-color-scheme: dark) {
  :root { --good: #86d9a7; --warn: #f0c274; --good-ground: #12301f; --warn-ground: #38290c; --stripe: #34343d; }
}
.wide header, .wide main { max-width: 100rem; }
.wide main { font-size: .875rem; }
.wide h1 { margin: .75rem 0; }
.wide input, .wide select { font-size: .8125rem; padding: .3rem .45rem; margin: 0; height: 2rem; }
.wide label { font-size: .75rem; font-weight: 400; color: var(--soft); margin: 0; }
.wide .card { max-width: 60rem; }
.wide .card > :first-child { margin-top: 0; }
.wide header nav { flex: 1 1 20rem; }
select { width: 100%; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--soft); border-radius: .3rem; }
bdi { white-space: pre-wrap; }
.above { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; justify-content: space-between; }
.presets a { margin-right: 1rem; }
.presets span { margin-right: .5rem; }
.presets a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
.filter { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0; }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .5rem .75rem; }
.filter summary { color: var(--soft); font-size: .8125rem; margin-top: .5rem; cursor: pointer; }
.filter details[open] summary { margin-bottom: .35rem; }
.submit { align-self: end; display: flex; gap: 1rem; align-items: center; }
.pager a { margin-left: 1rem; }
.pager a:first-child { margin-left: 0; }
.badge { font-weight: 600; white-space: nowrap; border-radius: .25rem; padding: .05rem .35rem; font-size: .9em; background: var(--ground); }
.badge.allow { color: var(--good); background: var(--good-ground); }
.badge.deny { color: var(--alert); background: var(--alert-ground); }
.badge.error { color: var(--warn); background: var(--warn-ground); }
.word, .day { color: var(--soft); }
.each { display: inline-block; margin-right: .75rem; }
table.trail { width: 100%; border-collapse: collapse; background: var(--paper); border: 1px solid var(--line); font-size: .8125rem; line-height: 1.35; }
.trail th, .trail td { text-align: left; vertical-align: top; padding: .25rem .6rem; font-weight: 400; }
.trail thead th { position: sticky; top: 0; background: var(--paper); color: var(--soft); font-size: .75rem; box-shadow: inset 0 -1px var(--line); }
.trail tbody tr { border-top: 1px solid var(--ground); }
.trail tbody tr:hover { background: var(--ground); }
.trail tbody th { border-left: 3px solid var(--stripe); white-space: nowrap; font-variant-numeric: tabular-nums; }
.trail tr.allow th { border-left-color: var(--good); }
.trail tr.deny th { border-left-color: var(--alert); }
.trail tr.error th { border-left-color: var(--warn); }
.trail .under { color: var(--soft); }
.trail a, .steps a { text-decoration-color: var(--line); }
time { font-variant-numeric: tabular-nums; }
dl.facts { display: flex; flex-wrap: wrap; gap: .5rem 2rem; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0; }
.facts dt { font-size: .75rem; font-weight: 400; color: var(--soft); margin: 0; }
section.call { background: var(--paper); border: 1px solid var(--line); border-left: 3px solid var(--stripe); border-radius: .35rem; padding: .6rem 1rem .5rem; margin: .75rem 0; }
section.call.allow { border-left-color: var(--good); }
section.call.deny { border-left-color: var(--alert); }
section.call.error { border-left-color: var(--warn); }
section.call h2 { font-size: .9375rem; margin: 0; }
section.call h2 .badge, section.call h2 .reason { font-size: .8125rem; }
section.call h2 .reason { font-weight: 400; }
section.call p { margin: 0; font-size: .8125rem; }
section.between { padding: 0 1rem; border-left: 3px dotted var(--line); margin: .75rem 0; }
.steps { list-style: none; padding: 0; margin: .35rem 0; font-size: .8125rem; line-height: 1.4; }
.steps li { display: grid; grid-template-columns: 6.5rem 8rem 11rem minmax(10rem, 1fr) minmax(0, 2fr); gap: 0 .75rem; margin: 0; padding: .2rem 0; border-top: 1px solid var(--ground); }
pre.event { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: .25rem 0; overflow-x: auto; font: .8125rem/1.5 ui-monospace, "Liberation Mono", monospace; white-space: pre-wrap; }
pre .name { color: var(--accent); }
.chains li { margin: .2rem 0; }
@media (max-width: 62rem) {
  .trail thead { position: absolute; left: -100vw; }
  .trail, .trail tbody, .trail tr, .trail th, .trail td { display: block; }
  .trail tbody tr { padding: .4rem 0; border-top: 1px solid var(--line); border-left: 3px solid var(--stripe); }
  .trail tbody th { border-left: 0; }
  .trail tr.allow { border-left-color: var(--good); }
  .trail tr.deny { border-left-color: var(--alert); }
  .trail tr.error { border-left-color: var(--warn); }
  .trail th, .trail td { padding: .05rem .75rem; }
  .trail td { display: grid; grid-template-columns: 5rem minmax(0, 1fr); gap: 0 .5rem; }
  .trail td::before { content: attr(data-label); color: var(--soft); grid-row: 1 / 3; }
  .trail td > div { grid-column: 2; }
  .trail td:empty { display: none; }
  .steps li { grid-template-columns: 6.5rem minmax(0, 1fr); padding: .4rem 0; }
  .steps li > :nth-child(n + 3) { grid-column: 2; }
}
`
