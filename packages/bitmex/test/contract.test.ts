import { inMemory } from "./contract.js"

inMemory()
