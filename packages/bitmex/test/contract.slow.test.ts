import { overSockets } from "./contract.js"

overSockets()
