{{/* The container; its context is made in _sidecar.tpl, or by the chart loopcam. */}}
{{- define "loopcam.impl.container" -}}
{{- $v := .v -}}
- name: loopcam
  image: {{ include "loopcam.image" . | quote }}
  imagePullPolicy: {{ $v.image.pullPolicy }}
  {{- if eq $v.sidecar.mode "native" }}
  restartPolicy: Always
  {{- end }}
  args: ["run", "--config", "/etc/loopcam/loopcam.yaml"]
  env:
    {{- include "loopcam.env" . | nindent 4 }}
  {{- with $v.envFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - name: loopcam-metrics
      containerPort: {{ include "loopcam.metricsPort" . }}
      protocol: TCP
  # the only probe: a readiness or startup probe of ours would hold up the target's pod
  livenessProbe:
    httpGet:
      path: /healthz
      port: {{ include "loopcam.metricsPort" . }}
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  securityContext:
    {{- include "loopcam.securityContext" . | trim | nindent 4 }}
  resources:
    {{- include "loopcam.resources" . | nindent 4 }}
  volumeMounts:
    {{- include "loopcam.volumeMounts" . | nindent 4 }}
{{- end }}

{{- define "loopcam.image" -}}
{{- $image := .v.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .version }}
{{- end -}}
{{- end }}

{{- define "loopcam.env" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: POD_UID
  valueFrom: {fieldRef: {fieldPath: metadata.uid}}
- name: NODE_NAME
  valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
{{- if .v.hostNetwork }}
- name: LOOPCAM_URL
  value: unix:{{ (include "loopcam.config" . | fromYaml).unix.http }}
{{- end }}
{{- if eq .v.privilege "fileCap" }}
- name: LOOPCAM_PYSPY
  value: /opt/loopcam/fileCap/py-spy
{{- end }}
{{- with .v.env }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "loopcam.volumeMounts" -}}
{{- $v := .v -}}
- name: loopcam-config
  mountPath: /etc/loopcam
  readOnly: true
- name: loopcam-state
  mountPath: /var/lib/loopcam
- name: loopcam-run
  mountPath: /run/loopcam
- name: loopcam-tmp
  mountPath: /tmp
{{- if not (or $v.serviceAccountToken .standalone) }}
# nothing is mounted over what a container mounts there itself: so the pod's token stays out of this one
- name: loopcam-no-token
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- end }}
{{- with (get $v "logs" | default dict).volume }}
- name: {{ . }}
  mountPath: {{ $v.logs.mountPath }}
  readOnly: true
{{- end }}
{{- with $v.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* With `guaranteed`, requests are the limits, and the CPU has one: all containers of the pod need it. */}}
{{- define "loopcam.resources" -}}
{{- $resources := deepCopy .v.resources -}}
{{- if .v.guaranteed -}}
  {{- $limits := merge ($resources.limits | default dict) (dict "cpu" "500m") -}}
  {{- $resources = dict "limits" $limits "requests" $limits -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end }}
