{{- define "loopcam.impl.volumes" -}}
- name: loopcam-config
  configMap:
    name: {{ .name }}
- name: loopcam-state
  {{- if .claim }}
  persistentVolumeClaim:
    claimName: {{ .claim }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ .v.storage.sizeLimit }}
  {{- end }}
- name: loopcam-run
  emptyDir:
    sizeLimit: 8Mi
- name: loopcam-tmp
  emptyDir:
    sizeLimit: 256Mi # the archive of a report, while it is sent
{{- if not (or .v.serviceAccountToken .standalone) }}
- name: loopcam-no-token
  emptyDir:
    sizeLimit: 1Mi
{{- end }}
{{- end }}

{{- define "loopcam.impl.targetVolumeMounts" -}}
- name: loopcam-run
  mountPath: /run/loopcam
{{- end }}

{{/* Mounted as a directory and taken up live: no checksum of it restarts a pod. */}}
{{- define "loopcam.impl.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    app.kubernetes.io/name: loopcam
    app.kubernetes.io/instance: {{ .root.Release.Name }}
    app.kubernetes.io/managed-by: {{ .root.Release.Service }}
data:
  loopcam.yaml: |
    {{- include "loopcam.config" . | nindent 4 }}
{{- end }}

{{- define "loopcam.impl.podFields" -}}
{{- if ne .v.privilege "none" -}}
shareProcessNamespace: true
{{- end -}}
{{- end }}

{{- define "loopcam.impl.podLabels" -}}
loopcam.dev/sidecar: "true"
{{- end }}
