import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, stringAt } from '../model/json.ts';
import { isBlank } from './equality.ts';
import { replaceAt } from './pod-templates.ts';

type Rule = (object: JsonObject) => JsonObject;

/**
 * Fields that the cluster or one of its controllers fills in, by kind: where Git says nothing real they are not sent, so
 * that they are neither a difference nor overwritten.
 */
const rules: Readonly<Record<string, Rule>> = {
  '/PersistentVolumeClaim': inSpec((spec) => withoutBlank(spec, ['volumeName'])),
  '/Service': inSpec((spec) => ({
    ...withoutBlank(spec, ['clusterIP', 'clusterIPs', 'healthCheckNodePort']),
    ...withItems(spec, 'ports', (port) => withoutBlank(port, ['nodePort'])),
  })),
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': ofWebhooks,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': ofWebhooks,
  'apiextensions.k8s.io/CustomResourceDefinition': (object) =>
    replaceAt(object, ['spec', 'conversion', 'webhook', 'clientConfig'], withCertificateOnly),
  'apiregistration.k8s.io/APIService': inSpec(withCertificateOnly),
  // The rules of an aggregated role are its controller's: sending any starts a fight with it.
  'rbac.authorization.k8s.io/ClusterRole': (object) =>
    isJsonObject(object['aggregationRule']) ? dropping(object, 'rules') : object,
};

/** The object of a kind, written `group/Kind`, without what the cluster owns. */
export function withoutClusterOwned(object: JsonObject, kind: string): JsonObject {
  return rules[kind]?.(object) ?? object;
}

function inSpec(rule: Rule): Rule {
  return (object) => replaceAt(object, ['spec'], rule);
}

function ofWebhooks(object: JsonObject): JsonObject {
  return {
    ...object,
    ...withItems(object, 'webhooks', (webhook) => replaceAt(webhook, ['clientConfig'], withCertificateOnly)),
  };
}

function withItems(owner: JsonObject, list: string, rule: Rule): JsonObject {
  const items = owner[list];
  return isJsonArray(items) ? { [list]: items.map((item) => (isJsonObject(item) ? rule(item) : item)) } : {};
}

function withoutBlank(object: JsonObject, names: readonly string[]): JsonObject {
  return names.reduce((rest, name) => (isFilled(rest[name]) ? rest : dropping(rest, name)), object);
}

/** A list of nothing but blanks says nothing either. */
function isFilled(value: JsonValue | undefined): boolean {
  if (value === undefined) return false;
  return isJsonArray(value) ? !value.every(isBlank) : !isBlank(value);
}

/** Placeholders stand for the certificate of whoever injects it later. */
function withCertificateOnly(config: JsonObject): JsonObject {
  return isCertificate(stringAt(config, 'caBundle')) ? config : dropping(config, 'caBundle');
}

function isCertificate(caBundle: string | undefined): boolean {
  return caBundle !== undefined && Buffer.from(caBundle, 'base64').includes('-----BEGIN CERTIFICATE-----');
}

export function dropping(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}
