{{/*
The whole loopcam.yaml: `config` of the values, with what a pod needs filled in where it is left out.
Nothing that is given is changed, but for the bound of a file sink that has none.
*/}}
{{- define "loopcam.config" -}}
{{- $config := deepCopy .v.config -}}
{{- $_ := set $config "metrics_listen" ($config.metrics_listen | default "0.0.0.0:9686") -}}
{{- if not (or $config.unix .standalone) -}}
  {{- $mode := ternary "0600" "0666" (eq .v.privilege "sameUser") -}}
  {{- /* in a folder below the emptyDir, which anybody in the pod may write to, and so replace what is in it */ -}}
  {{- $_ := set $config "unix" (dict "datagram" "/run/loopcam/sockets/beat.sock" "http" "/run/loopcam/sockets/http.sock" "mode" $mode) -}}
{{- end -}}
{{- if .v.hostNetwork -}}
  {{- $_ := set $config "listen" nil -}}
{{- end -}}
{{- $labels := dict "namespace" "${POD_NAMESPACE}" "pod" "${POD_NAME}" "node" "${NODE_NAME}" -}}
{{- with .v.target }}{{ $_ := set $labels "container" . }}{{ end -}}
{{- $_ := set $config "labels" (merge (deepCopy ($config.labels | default dict)) $labels) -}}
{{- $sizes := include "loopcam.sizes" . | fromJson -}}
{{- if gt (int64 $sizes.spool) 0 -}}
  {{- $spool := deepCopy ($config.spool | default dict) -}}
  {{- $_ := set $config "spool" (merge $spool (dict "max_bytes" (printf "%sMiB" (include "loopcam.mib" $sizes.spool)))) -}}
{{- end -}}
{{- $sinks := list -}}
{{- range $sink := $config.sinks | default (list (dict "file" (dict "path" "/var/lib/loopcam/reports"))) -}}
  {{- if include "loopcam.isOurs" $sink -}}
    {{- $file := merge (deepCopy $sink.file) (dict "max_bytes" (printf "%sMiB" (include "loopcam.mib" $sizes.file))) -}}
    {{- $sink = merge (dict "file" $file) $sink -}}
  {{- end -}}
  {{- $sinks = append $sinks $sink -}}
{{- end -}}
{{- $_ := set $config "sinks" $sinks -}}
{{- toYaml $config -}}
{{- end }}

{{/* Not empty for a file sink in the volume of our own. */}}
{{- define "loopcam.isOurs" -}}
{{- if and (kindIs "map" .) (hasKey . "file") (kindIs "map" .file) -}}
{{- if hasPrefix "/var/lib/loopcam/" (printf "%s/" (.file.path | default "")) }}yes{{ end -}}
{{- end -}}
{{- end }}

{{- define "loopcam.metricsPort" -}}
{{- regexFind "[0-9]+$" (.v.config.metrics_listen | default "0.0.0.0:9686") -}}
{{- end }}
