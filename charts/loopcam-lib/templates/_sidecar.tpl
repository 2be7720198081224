{{/*
What a chart includes, each with its root context: `include "loopcam.container" .`
The chart depends on loopcam-lib with `alias: loopcam`, so that the values stand below `loopcam:`.
With `enabled: false`, and in the other `sidecar.mode`, there is no output.
*/}}

{{/* A list item for `containers:`, in the mode `container`. */}}
{{- define "loopcam.container" -}}
{{- include "loopcam.sidecar.emit" (dict "root" $ "what" "loopcam.impl.container" "mode" "container") }}
{{- end }}

{{/* A list item for `initContainers:`, in the mode `native`. */}}
{{- define "loopcam.initContainer" -}}
{{- include "loopcam.sidecar.emit" (dict "root" $ "what" "loopcam.impl.container" "mode" "native") }}
{{- end }}

{{/* List items for the pod's `volumes:`. */}}
{{- define "loopcam.volumes" -}}
{{- include "loopcam.sidecar.emit" (dict "root" $ "what" "loopcam.impl.volumes") }}
{{- end }}

{{/* List items for the target's own `volumeMounts:`: the folder of the sockets for heartbeats. */}}
{{- define "loopcam.targetVolumeMounts" -}}
{{- include "loopcam.sidecar.emit" (dict "root" $ "what" "loopcam.impl.targetVolumeMounts") }}
{{- end }}

{{/* The ConfigMap, a whole manifest. */}}
{{- define "loopcam.configMap" -}}
{{- include "loopcam.sidecar.emit" (dict "root" $ "what" "loopcam.impl.configMap") }}
{{- end }}

{{/* Fields of the pod's spec: the shared PID namespace, where the rung needs it. */}}
{{- define "loopcam.podFields" -}}
{{- include "loopcam.sidecar.emit" (dict "root" $ "what" "loopcam.impl.podFields") }}
{{- end }}

{{/* Labels of the pod: a PodMonitor selects by them. */}}
{{- define "loopcam.podLabels" -}}
{{- include "loopcam.sidecar.emit" (dict "root" $ "what" "loopcam.impl.podLabels") }}
{{- end }}

{{/* Calls `what` with the context of a sidecar: root, v (the values), version, name (of the ConfigMap). */}}
{{- define "loopcam.sidecar.emit" -}}
{{- $root := .root -}}
{{- if not (hasKey $root.Values "loopcam") -}}
  {{- fail "loopcam: there are no values below `loopcam:`. In Chart.yaml, give the dependency loopcam-lib `alias: loopcam`" -}}
{{- end -}}
{{- $v := $root.Values.loopcam -}}
{{- if and $v.enabled (eq (.mode | default $v.sidecar.mode) $v.sidecar.mode) -}}
  {{- $version := (get $root.Subcharts "loopcam").Chart.AppVersion -}}
  {{- $name := printf "%s-loopcam" ($root.Release.Name | trunc 55 | trimSuffix "-") -}}
  {{- $context := dict "root" $root "v" $v "version" $version "name" $name "standalone" false -}}
  {{- include "loopcam.check" $context -}}
  {{- include .what $context -}}
{{- end -}}
{{- end }}
