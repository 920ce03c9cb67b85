/**
 * The script of the status page. It inserts all external data as text, never as markup.
 *
 * @internal
 */
export const script = `
"use strict"
const state = { cards: new Map(), prices: new Map(), breakers: new Map(), events: [], token: "", offset: 0 }
const $ = (id) => document.getElementById(id)
const make = (tag, className, text) => {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (text !== undefined) element.textContent = text
  return element
}
const row = (...children) => { const element = make("div", "row"); element.append(...children); return element }
const put = (element, text, className) => {
  if (element.textContent !== text) element.textContent = text
  if (className !== undefined && element.className !== className) element.className = className
}
const now = () => Date.now() + state.offset
const since = (at) => {
  const seconds = Math.max(0, Math.round((now() - at) / 1000))
  return seconds < 60 ? seconds + " s" : seconds < 3600 ? Math.floor(seconds / 60) + " min" : Math.floor(seconds / 3600) + " h"
}

const card = (exchange) => {
  const known = state.cards.get(exchange)
  if (known) return known
  const section = make("section")
  const title = make("h2", "", exchange)
  const status = make("span", "soft")
  const parts = { status, prices: make("div"), reason: make("div", "soft"), breakers: make("div", "soft"),
    ban: make("div"), limits: make("div", "soft"), counts: make("div", "soft"), clock: make("div", "soft") }
  section.append(row(title, status), parts.prices, parts.reason, parts.ban, parts.breakers, parts.limits, parts.counts, parts.clock)
  $("exchanges").append(section)
  state.cards.set(exchange, parts)
  return parts
}

const line = (exchange, symbol) => {
  const key = exchange + " " + symbol
  const known = state.prices.get(key)
  if (known) return known
  const parts = { exchange, symbol, amount: make("span", "price", "…"), age: make("span", "soft"), feed: make("span", "soft"),
    picture: document.createElementNS("http://www.w3.org/2000/svg", "svg"), values: [], at: undefined, text: undefined, currency: "" }
  parts.stroke = document.createElementNS("http://www.w3.org/2000/svg", "polyline")
  parts.picture.setAttribute("viewBox", "0 0 100 30")
  parts.picture.setAttribute("preserveAspectRatio", "none")
  parts.picture.setAttribute("role", "img")
  parts.picture.setAttribute("aria-label", "the latest prices of " + symbol + " on " + exchange)
  parts.picture.append(parts.stroke)
  card(exchange).prices.append(row(make("span", "", symbol), parts.amount), row(parts.feed, parts.age), parts.picture)
  state.prices.set(key, parts)
  return parts
}

const draw = ({ stroke, values }) => {
  const low = Math.min(...values), high = Math.max(...values), range = high - low || 1
  stroke.setAttribute("points", values.map((value, index) =>
    (values.length === 1 ? 100 : index * 100 / (values.length - 1)).toFixed(1) + "," + (28 - (value - low) * 26 / range).toFixed(1)
  ).join(" "))
}

const note = (text, at) => {
  state.events.unshift({ text, at })
  state.events.length = Math.min(state.events.length, 50)
  const list = $("events")
  list.replaceChildren(...state.events.map((event) => {
    const item = make("li", "row")
    item.append(make("span", "", event.text), make("span", "soft", new Date(event.at).toLocaleTimeString()))
    return item
  }))
}

const spreads = () => {
  const bySymbol = new Map()
  for (const price of state.prices.values()) {
    if (price.text === undefined || price.isStale) continue
    bySymbol.set(price.symbol, [...(bySymbol.get(price.symbol) ?? []), price])
  }
  $("spreads").replaceChildren(...[...bySymbol].filter(([, prices]) => prices.length > 1).map(([symbol, prices]) => {
    const sorted = prices.toSorted((one, other) => Number(one.text) - Number(other.text))
    const low = sorted[0], high = sorted[sorted.length - 1]
    const percent = (Number(high.text) - Number(low.text)) * 100 / Number(low.text)
    return row(make("span", "", symbol + ": " + low.exchange + " " + low.text + " to " + high.exchange + " " + high.text),
      make("span", percent > 1 ? "warn" : "soft", percent.toFixed(3) + " %"))
  }))
}

const on = {
  price: ({ amount, currency, exchange, isStale, observedAt, symbol }) => {
    const parts = line(exchange, symbol)
    parts.at = observedAt
    parts.isStale = isStale
    parts.text = amount
    put(parts.amount, amount + " " + currency, isStale ? "price old" : "price")
    if (!isStale) {
      parts.values.push(Number(amount))
      parts.values = parts.values.slice(-120)
      draw(parts)
    }
    spreads()
  },
  feed: ({ at, exchange, reason, status, symbol }) => {
    const { feed } = line(exchange, symbol)
    const isGood = status === "Connected" || status === "Resynced"
    put(feed, "feed: " + status + (reason ? " (" + reason + ")" : ""), isGood ? "soft" : "warn")
    // The first status of a feed is not a change.
    if (status !== "Connected") note(exchange + " " + symbol + ": " + status + (reason ? " (" + reason + ")" : ""), at)
  },
  health: ({ at, exchanges, status }) => {
    state.offset = at - Date.now()
    put($("overall"), status === "pass" ? "All exchanges are available." : status === "warn" ? "Available, with problems." : "No exchange is available.", status)
    for (const one of exchanges) {
      const parts = card(one.exchange)
      put(parts.status, one.environment + ": " + one.status, one.status)
      put(parts.reason, one.reason ?? "")
      put(parts.breakers, "breakers: " + one.breakers.map(({ capability, retryAfterMillis, state }) =>
        capability + " " + state + (retryAfterMillis ? " for " + Math.ceil(retryAfterMillis / 1000) + " s" : "")).join(", "))
      for (const breaker of one.breakers) {
        const key = one.exchange + " " + breaker.capability
        const before = state.breakers.get(key)
        if (before !== undefined && before !== breaker.state) {
          note(one.exchange + ": the breaker of " + breaker.capability + " changed from " + before + " to " + breaker.state, at)
        }
        state.breakers.set(key, breaker.state)
      }
      put(parts.ban, one.bannedUntil > at ? "banned for another " + Math.ceil((one.bannedUntil - at) / 1000) + " s" : "", "fail")
      parts.limits.replaceChildren(...one.limits.map(({ pausedUntil, scope, used }) => {
        const bar = make("progress")
        bar.max = 1
        bar.value = used
        bar.setAttribute("aria-label", "limit used")
        const pause = pausedUntil > at ? ", paused for " + Math.ceil((pausedUntil - at) / 1000) + " s" : ""
        return row(make("span", pause === "" ? "" : "warn", "limit " + scope + ": " + Math.round(used * 100) + " %" + pause), bar)
      }))
      put(parts.clock, "clock: " + one.clockSkewMillis + " ms" +
        (one.lastFailure ? "; last failure: " + one.lastFailure.error + " in " + one.lastFailure.operation + ", " + since(one.lastFailure.at) + " ago" : ""))
    }
  },
  stats: ({ exchanges }) => {
    for (const [exchange, { errors, requests }] of Object.entries(exchanges)) {
      if (!state.cards.has(exchange)) continue
      put(card(exchange).counts, "requests: " + requests + ", failed: " + errors + (requests > 0 ? " (" + (errors * 100 / requests).toFixed(1) + " %)" : ""))
    }
  }
}

setInterval(() => {
  for (const { age, at } of state.prices.values()) if (at !== undefined) put(age, since(at) + " old")
}, 1000)

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis))

const listen = async () => {
  const headers = state.token === "" ? {} : { authorization: "Bearer " + state.token }
  const response = await fetch("v1/stream", { headers, cache: "no-store" })
  if (response.status === 401) {
    $("door").hidden = false
    put($("link"), "This service requires a token.", "warn")
    return new Promise(() => {})
  }
  if (!response.ok) throw new Error("status " + response.status)
  put($("link"), "live", "pass")
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  for (;;) {
    // Health is sent every two seconds, so a connection that is silent for ten seconds is lost.
    const silence = setTimeout(() => reader.cancel(), 10000)
    const { done, value } = await reader.read()
    clearTimeout(silence)
    if (done) return
    const parts = (rest + value).split("\\n\\n")
    rest = parts.pop()
    for (const part of parts) {
      const found = /^event: (\\w+)\\ndata: (.+)$/.exec(part)
      if (found && Object.hasOwn(on, found[1])) on[found[1]](JSON.parse(found[2]))
    }
  }
}

const keep = async () => {
  for (;;) {
    try { await listen() } catch (error) { void error }
    put($("link"), "disconnected, reconnecting", "fail")
    put($("overall"), "The service does not respond.", "fail")
    for (const { amount } of state.prices.values()) amount.className = "price old"
    await wait(1000 + Math.random() * 2000)
  }
}

$("door").addEventListener("submit", (event) => {
  event.preventDefault()
  state.token = $("token").value.trim()
  $("door").hidden = true
  void keep()
})
void keep()
`
