import "./contract.test.js"
