import "./Contract.test.js"
