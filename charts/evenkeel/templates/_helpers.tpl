{{- define "evenkeel.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "evenkeel.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "evenkeel.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* ClusterRoles are not in a namespace: two releases of one name in two namespaces must not share them. */}}
{{- define "evenkeel.clusterName" -}}
{{- $name := include "evenkeel.fullname" . -}}
{{- if eq $name .Release.Namespace -}}{{ $name }}{{- else -}}{{ printf "%s-%s" .Release.Namespace $name }}{{- end -}}
{{- end -}}

{{- define "evenkeel.selectorLabels" -}}
app.kubernetes.io/name: {{ include "evenkeel.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "evenkeel.labels" -}}
{{ include "evenkeel.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "evenkeel.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "evenkeel.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "evenkeel.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* Of the ConfigMap with health rules for the whole cluster; empty when there are none. */}}
{{- define "evenkeel.healthRules" -}}
{{- if .Values.healthRules.existingConfigMap -}}
{{- .Values.healthRules.existingConfigMap -}}
{{- else if or .Values.healthRules.checks .Values.healthRules.lua -}}
{{- printf "%s-health-rules" (include "evenkeel.fullname" . | trunc 50 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "evenkeel.subject" -}}
- kind: ServiceAccount
  name: {{ include "evenkeel.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{/* What the operator needs where Applications are, whatever it manages. */}}
{{- define "evenkeel.applicationRules" -}}
- apiGroups: [evenkeel.dev]
  resources: [applications]
  verbs: [get, list, watch, patch, update]
- apiGroups: [evenkeel.dev]
  resources: [applications/status]
  verbs: [get, patch, update]
- apiGroups: [evenkeel.dev]
  resources: [inventories]
  verbs: [get, list, watch, create, patch, update, delete]
# Credentials of repositories: each Secret that an Application names is watched by its name.
- apiGroups: ['']
  resources: [secrets]
  verbs: [get, list, watch]
- apiGroups: ['', events.k8s.io]
  resources: [events]
  verbs: [create, patch, update]
{{- end -}}
