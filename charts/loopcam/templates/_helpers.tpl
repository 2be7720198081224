{{- define "loopcam-app.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $both := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $both | trunc 55 | trimSuffix "-" -}}
{{- end }}

{{- define "loopcam-app.selector" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The metadata of an object called `name`; `component`: of something that is not the daemon's. */}}
{{- define "loopcam-app.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  app.kubernetes.io/name: {{ .component | default (.root.Values.nameOverride | default .root.Chart.Name) }}
  app.kubernetes.io/instance: {{ .root.Release.Name }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The labels of the pod: by ours it is selected, so none of them may be given again. */}}
{{- define "loopcam-app.podLabels" -}}
{{- $ours := printf "%s\n%s" (include "loopcam-app.selector" .) (include "loopcam-app.render" (dict "root" . "what" "loopcam.impl.podLabels")) | fromYaml -}}
{{- range $key, $_ := .Values.podLabels -}}
  {{- if hasKey $ours $key -}}
    {{- fail (printf "loopcam: podLabels.%s: Service, PodMonitor and Deployment select by this label. Leave it out, or set nameOverride" $key) -}}
  {{- end -}}
{{- end -}}
{{- toYaml (merge $ours .Values.podLabels) -}}
{{- end }}

{{- define "loopcam-app.serviceAccount" -}}
{{- $none := ternary (include "loopcam-app.fullname" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $none -}}
{{- end }}

{{- define "loopcam-app.claim" -}}
{{- if .Values.storage.claim.enabled -}}
{{- .Values.storage.claim.existing | default (include "loopcam-app.fullname" .) -}}
{{- end -}}
{{- end }}

{{/* Calls a template of the library (`what`), as the pod has it: nothing is shared, and nothing attached to. */}}
{{- define "loopcam-app.render" -}}
{{- $root := .root -}}
{{- $fixed := dict "privilege" "none" "hostNetwork" false "sidecar" (dict "mode" "container") "logs" dict "target" "" -}}
{{- $v := merge $fixed (omit $root.Values "loopcam-lib" "global") -}}
{{- if $v.openshift }}{{ $v = omit $v "runAsUser" "runAsGroup" }}{{ end -}}
{{- $context := dict "root" $root "v" $v "version" $root.Chart.AppVersion "name" (include "loopcam-app.fullname" $root) "standalone" true "claim" (include "loopcam-app.claim" $root) -}}
{{- include "loopcam.check" $context -}}
{{- include .what $context -}}
{{- end }}
