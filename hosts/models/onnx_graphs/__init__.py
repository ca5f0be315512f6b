"""ONNX graphs: read and checked, made plain, cut, counted, quantised; computed by ONNX Runtime."""
