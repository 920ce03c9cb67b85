import { ExchangeSymbol, type Market } from "../../src/index.js"

export const market = (symbol: string): Market.Market => {
  const [base = "", quote = ""] = symbol.split("/")
  return { symbol: ExchangeSymbol.make(symbol), id: `${base}${quote}`, kind: "spot", status: "open", base, quote }
}
