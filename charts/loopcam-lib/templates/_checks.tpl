{{/* What no schema can say; each failure names values and remedy. */}}
{{- define "loopcam.check" -}}
{{- $config := .v.config | default dict -}}
{{- if not $config.targets -}}
  {{- fail "loopcam: config.targets is missing: what is watched. Such as config: {targets: [{name: autoscaler, process: {match: autoscaler}, max_loop_time: 2m}]}" -}}
{{- end -}}
{{- include "loopcam.check.privilege" . -}}
{{- include "loopcam.check.listeners" . -}}
{{- include "loopcam.check.token" . -}}
{{- include "loopcam.check.sizes" . -}}
{{- end }}

{{- define "loopcam.check.listeners" -}}
{{- $config := .v.config -}}
{{- $metrics := $config.metrics_listen | default "0.0.0.0:9686" -}}
{{- if not (regexMatch ":[0-9]+$" $metrics) -}}
  {{- fail (printf "loopcam: config.metrics_listen %s: the pod's port and probe need its number here. Write it out, such as 0.0.0.0:9686" $metrics) -}}
{{- end -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\]:)" $metrics -}}
  {{- fail (printf "loopcam: config.metrics_listen %s: the kubelet's probe and Prometheus come from outside of the pod. Leave it out (0.0.0.0:9686)" $metrics) -}}
{{- end -}}
{{- if .v.hostNetwork -}}
  {{- if $config.listen -}}
    {{- fail (printf "loopcam: config.listen %s with hostNetwork: every process of the node could reach it. Leave it out: control and heartbeats go over config.unix" $config.listen) -}}
  {{- end -}}
  {{- if and $config.unix (not $config.unix.http) -}}
    {{- fail "loopcam: config.unix without http, with hostNetwork: nothing would take commands. Set config.unix.http, such as /run/loopcam/sockets/http.sock, or leave config.unix out" -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{- define "loopcam.check.token" -}}
{{- $place := "/var/run/secrets/kubernetes.io/serviceaccount" -}}
{{- if and (not .v.serviceAccountToken) (contains $place (toJson .v.config)) -}}
  {{- fail (printf "loopcam: config names a file in %s, which is masked in our container. Set serviceAccountToken: true" $place) -}}
{{- end -}}
{{- end }}
