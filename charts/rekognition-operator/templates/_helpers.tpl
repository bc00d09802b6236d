{{- define "operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "operator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "operator.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "operator.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "operator.labels" -}}
{{ include "operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is required where serviceAccount.create is false: name the ServiceAccount that exists" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "operator.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- /* What it may do in the cluster as a whole, where it works in all namespaces: it holds and reports identities. */}}
{{- define "operator.clusterRules" -}}
- apiGroups: [rekognition-operator.io]
  resources: [awsidentities]
  verbs: [get, list, watch, patch]
- apiGroups: [rekognition-operator.io]
  resources: [awsidentities/status]
  verbs: [patch]
- apiGroups: [rekognition-operator.io]
  resources: [awsidentities/finalizers]
  verbs: [update]
{{ include "operator.namespaceLabels" . }}
{{- end }}

{{- /* AWSIdentities may allow namespaces by their labels. */}}
{{- define "operator.namespaceLabels" -}}
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get, list, watch]
{{- end }}

{{- /* What the operator may do with the resources of a namespace: in all of them, or in those that it watches. */}}
{{- define "operator.rules" -}}
# patch of the resource itself carries finalizers only; through /status they would be dropped.
- apiGroups: [rekognition-operator.io]
  resources: [moderationadapters, customlabelsmodels]
  verbs: [get, list, watch, patch]
- apiGroups: [rekognition-operator.io]
  resources: [moderationadapters/status, customlabelsmodels/status]
  verbs: [patch]
- apiGroups: [rekognition-operator.io]
  resources: [moderationadapters/finalizers, customlabelsmodels/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- if .Values.publishing }}
# For spec.publish only.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, create, patch, delete]
{{- end }}
{{- end }}
