{{- define "common.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}-{{ .Chart.Name }}
  labels: {chart: "{{ .Chart.Name }}-{{ .Chart.Version }}"}
spec:
  ports: [{port: 80, targetPort: {{ .Values.port | default 8080 }}}]
{{- end }}
{{- define "common.labels.map" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-labels
data:
  replicas: {{ .Values.replicas | quote }}
{{- end }}
