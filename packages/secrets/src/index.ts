/**
 * Secrets from a secret manager, as configuration.
 *
 * @since 0.1.0
 */
export * as AwsSecretsManager from "./AwsSecretsManager.js"
export * as SecretSource from "./SecretSource.js"
export * as SecretSourceError from "./SecretSourceError.js"
export * as Vault from "./Vault.js"
