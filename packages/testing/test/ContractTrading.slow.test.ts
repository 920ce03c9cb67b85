import "./ContractTrading.test.js"
