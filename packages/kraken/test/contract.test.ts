import { elsewhere, inMemory } from "./contract.js"

inMemory()
elsewhere()
