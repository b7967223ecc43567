import type { Middleware } from 'koa'
import { trailStyle } from './trail-style.js'

/** Where the style of the pages is: a file of its own, for their policy allows no inline style. */
export const stylesheetPath = '/pages.css'

/** Seconds. */
const keptFor = 3600

/** Answers with the style of the pages. */
export const serveStylesheet: Middleware = (ctx) => {
  ctx.type = 'text/css; charset=utf-8'
  ctx.set('Cache-Control', `public, max-age=${keptFor}`)
  ctx.body = stylesheet
}

const stylesheet = `
:root {
  color-scheme: light dark;
  --text: #1b1b1f; --soft: #55555e; --paper: #ffffff; --ground: #f3f3f6; --line: #c4c4cd;
  --accent: #1a4fb4; --on-accent: #ffffff; --alert: #a3140c; --alert-ground: #fdecea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #ececf1; --soft: #b4b4bf; --paper: #1f1f25; --ground: #131317; --line: #4a4a55;
    --accent: #9dbcff; --on-accent: #0b1a3a; --alert: #ffb4ab; --alert-ground: #3b1512;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  overflow-wrap: anywhere;
}
header, main { max-width: 38rem; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; padding-top: .75rem; }
header nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; flex: 1; }
header form { margin: 0; }
main { padding-bottom: 3rem; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.25rem; margin: 1rem 0; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1rem 0; }
h2 { font-size: 1.1rem; margin: 1.25rem 0 .25rem; }
p { margin: .5rem 0; }
h2 + p.soft { margin: 0; }
a { color: var(--accent); }
.skip { position: absolute; left: -100vw; }
.skip:focus { position: static; }
ul { padding-left: 1.25rem; margin: .5rem 0; }
ul.plain { list-style: none; padding: 0; }
li { margin: .4rem 0; }
dl { margin: .5rem 0; }
dt { font-weight: 600; margin-top: .6rem; }
dd { margin: 0; }
blockquote { margin: 0; padding-left: .75rem; border-left: 3px solid var(--line); }
label { display: block; font-weight: 600; margin-top: .75rem; }
input {
  width: 100%; font: inherit; color: inherit; background: var(--paper); padding: .55rem .6rem; margin-top: .25rem;
  border: 1px solid var(--soft); border-radius: .3rem;
}
button {
  font: inherit; font-weight: 600; padding: .6rem 1.25rem; min-height: 2.75rem; border-radius: .3rem; cursor: pointer;
  border: 1px solid var(--accent); background: var(--paper); color: var(--accent);
}
button.main { background: var(--accent); color: var(--on-accent); }
button.small { min-height: 2rem; padding: .25rem .75rem; }
.choices { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.25rem; }
.soft { color: var(--soft); }
.risk { font-weight: 600; color: var(--alert); }
.alert { color: var(--alert); background: var(--alert-ground); border: 1px solid currentColor; border-radius: .3rem; padding: .6rem .75rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
@media (max-width: 24rem) { .choices button { flex: 1 1 100%; } .card { padding: .75rem 1rem; } }
@media (forced-colors: active) { button.main { border-width: 2px; } }
${trailStyle}`
